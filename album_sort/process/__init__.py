"""What a process of ours sets up when it starts: for the command line today, and for any other program that serves people."""
