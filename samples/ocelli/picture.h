/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures from files, and small ones in the terminal. */
#ifndef PICTURE_H
#define PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifndef PICTURE_MAX_SIDE
#define PICTURE_MAX_SIDE 32768
#endif

typedef struct picture {
    int width, height, channels; /* 1: grey, 3: red, green, blue */
    uint8_t *pixels;             /* rows from the top, channels together; to be freed */
} picture;

/* Reads png, jpg, pgm or ppm (known by their first bytes) with the wanted number of channels. False after a sentence on stderr. */
bool picture_read(picture *out, const char *path, int channels);
void picture_free(picture *picture);
/* Draws a picture of at most 64 by 64: half blocks in grey or colour on a terminal, else characters. False: too large. */
bool picture_draw(const picture *picture, FILE *to);

/* One file a format; each gives a reason when it fails. data is the whole file. */
const char *png_decode(picture *out, const uint8_t *data, size_t size, int channels);
const char *jpeg_decode(picture *out, const uint8_t *data, size_t size, int channels);
const char *pnm_decode(picture *out, const uint8_t *data, size_t size, int channels);

/* A whole file; NULL after a sentence on stderr. To be freed. */
uint8_t *file_read(const char *path, size_t *size);

#endif
