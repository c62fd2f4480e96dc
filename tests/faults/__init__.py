"""What happens to a project when a run is killed, the disk is full, or a file is damaged."""
