// libjpeg-turbo's TurboJPEG interface, as of 2.1 (Debian 12).
#ifndef CTURBOJPEG_SHIM_H
#define CTURBOJPEG_SHIM_H

#include <turbojpeg.h>

#endif
