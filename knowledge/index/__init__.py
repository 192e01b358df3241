"""Where passages are kept and searched: in process or on a server."""
