"""FACe, the entry point of invoices to Spain's public administrations: SOAP service SSPP version 2 (Ley 25/2013)."""
