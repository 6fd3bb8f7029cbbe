/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "picture.h"

#ifdef HAVE_JPEG
#include <jpeglib.h>

typedef struct decoder {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    jmp_buf back;
    char why[JMSG_LENGTH_MAX];
} decoder;

static void leave(j_common_ptr jpeg) {
    decoder *decoder = jpeg->client_data;
    jpeg->err->format_message(jpeg, decoder->why);
    longjmp(decoder->back, 1);
}

static void stay_silent(j_common_ptr jpeg, int level) {
    (void)jpeg, (void)level;
}

static const char *decode_rows(decoder *d, picture *out, int channels) {
    if (d->jpeg.image_width > PICTURE_MAX_SIDE || d->jpeg.image_height > PICTURE_MAX_SIDE) /* before memory is taken for it */
        return "the picture is too large";
    d->jpeg.out_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_start_decompress(&d->jpeg);
    size_t row = (size_t)d->jpeg.output_width * (size_t)channels;
    if (d->jpeg.output_components != channels || (out->pixels = malloc(row * d->jpeg.output_height)) == NULL)
        return "the picture is too large, or of a kind that is not read";
    out->width = (int)d->jpeg.output_width;
    out->height = (int)d->jpeg.output_height;
    out->channels = channels;
    while (d->jpeg.output_scanline < d->jpeg.output_height) {
        uint8_t *at = out->pixels + row * d->jpeg.output_scanline;
        jpeg_read_scanlines(&d->jpeg, &at, 1);
    }
    jpeg_finish_decompress(&d->jpeg);
    return NULL;
}

const char *jpeg_decode(picture *out, const uint8_t *data, size_t size, int channels) {
    static decoder d;
    memset(&d, 0, sizeof(d));
    d.jpeg.err = jpeg_std_error(&d.errors);
    d.errors.error_exit = leave;
    d.errors.emit_message = stay_silent;
    jpeg_create_decompress(&d.jpeg);
    d.jpeg.client_data = &d;
    const char *why = d.why;
    if (setjmp(d.back) == 0) {
        jpeg_mem_src(&d.jpeg, data, (unsigned long)size);
        jpeg_read_header(&d.jpeg, TRUE);
        why = decode_rows(&d, out, channels);
    } else
        why = d.why;
    jpeg_destroy_decompress(&d.jpeg);
    return why;
}

#else

const char *jpeg_decode(picture *out, const uint8_t *data, size_t size, int channels) {
    (void)out, (void)data, (void)size, (void)channels;
    return "this ocelli was built without libjpeg (Debian: libjpeg-dev)";
}

#endif
