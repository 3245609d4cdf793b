"""The command line: adapters around the pipeline."""
