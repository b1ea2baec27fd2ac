"""The Queue screen: the list of jobs, the job in detail, new runs."""
