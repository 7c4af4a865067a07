"""What a browser makes of pages that deployspec writes."""
