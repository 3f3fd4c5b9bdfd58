#include "CJPEG.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

/// One decompressor, and the place that it jumps to when it fails.
typedef struct {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf failed;
    mela_jpeg_result result;
    int maximum_scans;
} session;

static _Noreturn void fail(session *s, mela_jpeg_result result) {
    s->result = result;
    longjmp(s->failed, 1);
}

static void fail_by_message(j_common_ptr jpeg) {
    session *s = jpeg->client_data;
    switch (jpeg->err->msg_code) {
    case JERR_INPUT_EMPTY:
    case JERR_INPUT_EOF:
    case JWRN_JPEG_EOF: fail(s, MELA_JPEG_CUT_SHORT);
    case JERR_ARITH_NOTIMPL:
    case JERR_BAD_J_COLORSPACE:
    case JERR_BAD_PRECISION:
    case JERR_CCIR601_NOTIMPL:
    case JERR_COMPONENT_COUNT:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_FRACT_SAMPLE_NOTIMPL:
    case JERR_SOF_UNSUPPORTED:
    case JWRN_ADOBE_XFORM: fail(s, MELA_JPEG_UNSUPPORTED);
    default: fail(s, MELA_JPEG_CORRUPT);
    }
}

/// Warnings are errors: libjpeg fills in what is lost. Padding in front of the end marker loses nothing.
static void judge_message(j_common_ptr jpeg, int level) {
    const bool is_warning = level < 0;
    if (!is_warning) return;
    const bool is_padding = jpeg->err->msg_code == JWRN_EXTRANEOUS_DATA && jpeg->err->msg_parm.i[1] == JPEG_EOI;
    if (!is_padding) fail_by_message(jpeg);
}

static void count_scans(j_common_ptr jpeg) {
    session *s = jpeg->client_data;
    if (s->jpeg.input_scan_number > s->maximum_scans) fail(s, MELA_JPEG_TOO_MANY_SCANS);
}

static void read_and_drop(j_decompress_ptr jpeg, JSAMPARRAY row, JDIMENSION end) {
    while (jpeg->output_scanline < end) jpeg_read_scanlines(jpeg, row, 1);
}

/// Goes on to the row `to`. Rows of blocks that lie between are not transformed, where the file is of one scan.
static void skip(j_decompress_ptr jpeg, JSAMPARRAY row, JDIMENSION to) {
    // From the start of a row of blocks only: libjpeg-turbo/libjpeg-turbo#915.
    const JDIMENSION block = DCTSIZE * (JDIMENSION)jpeg->max_v_samp_factor;
    const JDIMENSION start = (jpeg->output_scanline + block - 1) / block * block;
    const bool is_divisible = start < to && !jpeg_has_multiple_scans(jpeg);
    read_and_drop(jpeg, row, is_divisible ? start : to);
    if (is_divisible) jpeg_skip_scanlines(jpeg, to - start);
}

/// Decodes the square's rows from `first` to before `end`. Those to the picture's last are read as well if `to_last`.
static void decode_rows(session *s, const mela_jpeg_square *square, uint32_t first, uint32_t end, bool to_last) {
    j_decompress_ptr jpeg = &s->jpeg;
    jpeg_mem_src(jpeg, square->file, square->file_bytes);
    jpeg_read_header(jpeg, TRUE);
    if (jpeg->image_width != square->width || jpeg->image_height != square->height) fail(s, MELA_JPEG_OTHER_SIZE);
    jpeg->out_color_space = square->channels == 4 ? JCS_CMYK : JCS_RGB;
    jpeg_start_decompress(jpeg);
    // Of several scans libjpeg has read all by now, and does not ask whether each component had one.
    for (int c = 0; c < jpeg->num_components; c++)
        if (!jpeg->comp_info[c].quant_table || (jpeg->coef_bits && jpeg->coef_bits[c][0] < 0)) fail(s, MELA_JPEG_CUT_SHORT);

    // One block more on either side: its colours are part of the square's outermost pixels.
    JDIMENSION left = 0, columns = square->width;
    if (!jpeg_has_multiple_scans(jpeg)) {
        const JDIMENSION block = DCTSIZE * (JDIMENSION)jpeg->max_h_samp_factor, right = square->left + square->side;
        left = square->left > block ? square->left - block : 0;
        columns = (right + block < square->width ? right + block : square->width) - left;
        jpeg_crop_scanline(jpeg, &left, &columns);
    }
    const size_t pixel = (size_t)square->channels;
    JSAMPARRAY row = jpeg->mem->alloc_sarray((j_common_ptr)jpeg, JPOOL_IMAGE, columns * (JDIMENSION)pixel, 1);

    skip(jpeg, row, square->top + first);
    for (uint32_t y = first; y < end; y++) {
        jpeg_read_scanlines(jpeg, row, 1);
        memcpy(square->output + pixel * y * square->side, row[0] + (square->left - left) * pixel, square->side * pixel);
    }
    if (!to_last) return;
    // The last row is read: libjpeg does not look at data that are skipped up to the end.
    skip(jpeg, row, square->height - 1);
    read_and_drop(jpeg, row, square->height);
    jpeg_finish_decompress(jpeg);
}

/// A function of its own: what setjmp's caller keeps in registers is lost.
static void decode_or_fail(session *s, const mela_jpeg_square *square, uint32_t first, uint32_t end, bool to_last) {
    if (setjmp(s->failed) != 0) return;
    jpeg_create_decompress(&s->jpeg);
    s->jpeg.progress = &s->progress;
    decode_rows(s, square, first, end, to_last);
}

static mela_jpeg_result decode(const mela_jpeg_square *square, uint32_t first, uint32_t end, bool to_last) {
    session s = {.result = MELA_JPEG_DECODED, .maximum_scans = square->maximum_scans};
    s.jpeg.err = jpeg_std_error(&s.errors);
    s.jpeg.client_data = &s;
    s.errors.error_exit = fail_by_message;
    s.errors.emit_message = judge_message;
    s.progress.progress_monitor = count_scans;
    decode_or_fail(&s, square, first, end, to_last);
    jpeg_destroy_decompress(&s.jpeg);
    return s.result;
}

/// The rows before the split, for a thread.
typedef struct {
    const mela_jpeg_square *square;
    uint32_t end;
    mela_jpeg_result result;
} upper_rows;

static void *decode_upper_rows(void *rows) {
    upper_rows *upper = rows;
    upper->result = decode(upper->square, 0, upper->end, false);
    return NULL;
}

mela_jpeg_result mela_jpeg_decode(const mela_jpeg_square *square, uint32_t split) {
    upper_rows upper = {.square = square, .end = split};
    pthread_t thread;
    const bool is_divided = 0 < split && split < square->side;
    if (!is_divided || pthread_create(&thread, NULL, decode_upper_rows, &upper) != 0) return decode(square, 0, square->side, true);
    const mela_jpeg_result lower = decode(square, split, square->side, true);
    pthread_join(thread, NULL);
    return lower != MELA_JPEG_DECODED ? lower : upper.result;
}
