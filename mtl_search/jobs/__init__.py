"""Work on a Ray cluster from outside: jobs, and the doctor that examines it."""
