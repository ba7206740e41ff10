"""One module a figure: each asks for rows and says with which marks they are drawn."""
