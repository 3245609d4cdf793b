"""`python -m album_sort`."""

from album_sort.cli.app import main

main()
