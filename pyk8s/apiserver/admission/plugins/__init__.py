"""One rule a file; each has a `PLUGIN`. `admission.order` says which are asked, and when."""
