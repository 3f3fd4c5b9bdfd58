// Decodes a square of a JPEG file, and nothing around it, with libjpeg-turbo's own interface: TurboJPEG of 2.1 (Debian 12) decodes whole
// pictures only. In C, because libjpeg reports errors by longjmp.
#ifndef CJPEG_H
#define CJPEG_H

#include <stddef.h>
#include <stdint.h>

#if defined(__clang__)
#pragma clang assume_nonnull begin
#endif

/// How decoding ended.
typedef enum {
    /// All pixels of the square are there, and none of the file's picture data were missing or corrupt, inside of it or out. A progressive
    /// file may have ended before its last refinement.
    MELA_JPEG_DECODED,
    MELA_JPEG_CUT_SHORT,
    MELA_JPEG_CORRUPT,
    /// A coding or a colour space that libjpeg does not read.
    MELA_JPEG_UNSUPPORTED,
    /// The file's size is not the one that was stated.
    MELA_JPEG_OTHER_SIZE,
    MELA_JPEG_TOO_MANY_SCANS,
} mela_jpeg_result;

typedef struct {
    /// The whole file; only read.
    const uint8_t *file;
    size_t file_bytes;
    /// Of the whole picture as it is stored, in pixels. A file that says otherwise is not decoded.
    uint32_t width, height;
    /// The square, inside the picture, in pixels.
    uint32_t left, top, side;
    /// Scans of a file that has several; more are an error.
    int maximum_scans;
    /// 3: RGB, 8 bits each. 4: CMYK as it is stored.
    int channels;
    /// Receives (side, side, channels). After an error it holds anything.
    uint8_t *output;
} mela_jpeg_square;

/// Decodes the square: accurate integer DCT, smooth upsampling of colours, the very pixels of a picture decoded whole. Thread-safe.
///
/// Data are read to the end marker. Whatever libjpeg would fill in or skip is an error; surplus bytes before the end marker, which some
/// phones write, are not.
/// - Parameter split: a row of the square: those before it are decoded by a thread of their own, at the same time. The one that decodes
///   the others reads all entropy-coded data, as it must to get there, so that it costs more processor time than one thread does. 0, or
///   what is no row of the square, for one thread.
mela_jpeg_result mela_jpeg_decode(const mela_jpeg_square *square, uint32_t split);

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif
#endif
