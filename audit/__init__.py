"""What `make audit` asks beside its tools, which have a lock and an environment of their own: nobody needs them to run or to test."""
