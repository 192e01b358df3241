"""Where the parts become a process: settings, wiring, HTTP, queue, worker, store, command line."""
