"""The command line as others see it: its help in words, its manual page, what a shell offers at Tab."""
