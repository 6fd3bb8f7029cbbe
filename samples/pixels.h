/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures for the samples that look at some, or make some: JPEG in, PNG out, and planes of numbers between. */
#ifndef PIXELS_H
#define PIXELS_H

#include <ocelli/ocelli.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h> /* after stdio.h */
#include <png.h>

static oc_error err;

static inline void check(oc_status status) {
    if (status == OC_OK)
        return;
    fprintf(stderr, "%s\n", err.text);
    exit(1);
}

typedef struct pixels {
    int width, height;
    unsigned char *rgb; /* rows from the top */
} pixels;

static inline pixels pixels_make(int width, int height) {
    pixels p = {width, height, calloc((size_t)width * (size_t)height, 3)};
    if (!p.rgb) {
        fprintf(stderr, "a picture of %d x %d pixels does not fit in memory\n", width, height);
        exit(1);
    }
    return p;
}

static inline void pixels_free(pixels *p) {
    free(p->rgb);
    p->rgb = NULL;
}

/* libjpeg ends the program with a sentence of its own where it meets a file that is none. */
static inline pixels pixels_read_jpeg(const char *path) {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    FILE *file = fopen(path, "rb");
    if (!file) {
        fprintf(stderr, "%s cannot be opened\n", path);
        exit(1);
    }
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_decompress(&jpeg);
    jpeg_stdio_src(&jpeg, file);
    jpeg_read_header(&jpeg, TRUE);
    jpeg.out_color_space = JCS_RGB;
    jpeg_start_decompress(&jpeg);
    pixels p = pixels_make((int)jpeg.output_width, (int)jpeg.output_height);
    while (jpeg.output_scanline < jpeg.output_height)
        jpeg_read_scanlines(&jpeg, &(JSAMPROW){p.rgb + (size_t)3 * jpeg.output_width * jpeg.output_scanline}, 1);
    jpeg_finish_decompress(&jpeg);
    jpeg_destroy_decompress(&jpeg);
    fclose(file);
    return p;
}

static inline void pixels_write_png(const pixels *p, const char *path) {
    png_image image = {.version = PNG_IMAGE_VERSION, .width = (png_uint_32)p->width, .height = (png_uint_32)p->height, .format = PNG_FORMAT_RGB};
    if (png_image_write_to_file(&image, path, 0, p->rgb, 0, NULL))
        return;
    fprintf(stderr, "%s: %s\n", path, image.message);
    exit(1);
}

#endif
