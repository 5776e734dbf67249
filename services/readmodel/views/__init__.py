"""What can be seen of the read model, one file for each question. Reads go straight to the stored documents."""
