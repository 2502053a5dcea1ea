"""Where plugins come from, what they are asked, and what becomes of their answers; the home of pluggy."""
