// libfcgi: only the thread-safe interface (FCGX_*); fcgi_stdio is not used.
#ifndef CFASTCGI_SHIM_H
#define CFASTCGI_SHIM_H

#include <fcgiapp.h>

#endif
