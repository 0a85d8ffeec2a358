"""Pages for readers, and the script that draws their pictures."""
