"""One module for each job: its `PARAMETERS`, and the function that does the work and tells what it did."""
