"""What several views need: the trials that share, with what each is worth."""
