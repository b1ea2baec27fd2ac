"""What `make bench` measures: the speed that ainf promises, each goal beside its figure."""
