"""What a change to a file does: two configurations held against each other, on the words and on the clock."""
