/* SPDX-License-Identifier: Apache-2.0 */
/* Netpbm's P2, P5 (grey) and P6 (colour), up to 255. Source: pgm(5), ppm(5). */
#include <stdlib.h>

#include "picture.h"

typedef struct reader {
    const uint8_t *at, *end;
} reader;

/* The next number, after blanks and comments; -1: there is none. */
static long next_number(reader *r) {
    while (r->at < r->end && (*r->at <= ' ' || *r->at == '#')) {
        if (*r->at == '#')
            while (r->at < r->end && *r->at != '\n')
                r->at++;
        else
            r->at++;
    }
    long value = -1;
    for (; r->at < r->end && *r->at >= '0' && *r->at <= '9' && value < 1000000; r->at++)
        value = (value < 0 ? 0 : value) * 10 + (*r->at - '0');
    return value;
}

static long next_sample(reader *r, bool text) {
    if (text)
        return next_number(r);
    return r->at < r->end ? *r->at++ : -1;
}

static void put(picture *out, size_t i, const long *samples, int stored) {
    if (out->channels == 1)
        out->pixels[i] = (uint8_t)(stored == 1 ? samples[0] : (299 * samples[0] + 587 * samples[1] + 114 * samples[2]) / 1000);
    for (int c = 0; out->channels == 3 && c < 3; c++)
        out->pixels[3 * i + (size_t)c] = (uint8_t)samples[stored == 1 ? 0 : c];
}

const char *pnm_decode(picture *out, const uint8_t *data, size_t size, int channels) {
    reader r = {data + 2, data + size};
    bool text = data[1] == '2';
    int stored = data[1] == '6' ? 3 : 1;
    long width = next_number(&r), height = next_number(&r), top = next_number(&r);
    if (width < 1 || height < 1 || width > PICTURE_MAX_SIDE || height > PICTURE_MAX_SIDE || top < 1 || top > 255)
        return "its size or depth is not one that is read";
    size_t count = (size_t)width * (size_t)height;
    if (size - 2 < count)
        return "it is cut off";
    r.at += r.at < r.end;
    *out = (picture){(int)width, (int)height, channels, malloc(count * (size_t)channels)};
    if (out->pixels == NULL)
        return "the picture is too large";
    for (size_t i = 0; i < count; i++) {
        long samples[3];
        for (int c = 0; c < stored; c++) {
            samples[c] = next_sample(&r, text);
            if (samples[c] < 0 || samples[c] > top)
                return "it is cut off, or holds a sample above its maximum";
            samples[c] = samples[c] * 255 / top;
        }
        put(out, i, samples, stored);
    }
    return NULL;
}
