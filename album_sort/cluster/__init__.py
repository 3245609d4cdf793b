"""Other machines that look at photos: the only part that knows Dask. Imported where `--cluster` or one of its commands is used.

Three roles, each a process: the meeting point (Dask's scheduler, `meeting`), machines that look (`worker`), and the run that asks
them (`coordinator`). What they say to each other is plain bytes (`messages`); who must be equal in what is said in `identity`.
"""
