/* SPDX-License-Identifier: Apache-2.0 */
#include "picture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app.h"

uint8_t *file_read(const char *path, size_t *size) {
    errno = 0;
    FILE *file = fopen(path, "rb");
    uint8_t *data = NULL, *more;
    size_t used = 0, room = 0, got = 1;
    while (file != NULL && got > 0) {
        if (used == room) {
            more = realloc(data, room = room == 0 ? 65536 : 2 * room);
            if (more == NULL)
                break;
            data = more;
        }
        got = fread(data + used, 1, room - used, file);
        used += got;
    }
    bool failed = file == NULL || ferror(file) || got > 0;
    if (failed)
        app_say("%s cannot be read: %s", path, strerror(errno != 0 ? errno : ENOMEM));
    if (file != NULL)
        fclose(file);
    if (failed) {
        free(data);
        return NULL;
    }
    *size = used;
    return data;
}

static const char *decode(picture *out, const uint8_t *data, size_t size, int channels) {
    if (size >= 8 && memcmp(data, "\x89PNG\r\n\x1a\n", 8) == 0)
        return png_decode(out, data, size, channels);
    if (size >= 3 && memcmp(data, "\xff\xd8\xff", 3) == 0)
        return jpeg_decode(out, data, size, channels);
    if (size >= 2 && data[0] == 'P' && (data[1] == '2' || data[1] == '5' || data[1] == '6'))
        return pnm_decode(out, data, size, channels);
    return "it is no png, jpg, pgm or ppm picture";
}

bool picture_read(picture *out, const char *path, int channels) {
    size_t size;
    uint8_t *data = file_read(path, &size);
    if (data == NULL)
        return false;
    memset(out, 0, sizeof(*out));
    const char *why = decode(out, data, size, channels);
    free(data);
    if (why == NULL)
        return true;
    picture_free(out);
    app_say("%s: %s", path, why);
    return false;
}

void picture_free(picture *picture) {
    free(picture->pixels);
    picture->pixels = NULL;
}

static const uint8_t *pixel(const picture *picture, int x, int y) {
    static const uint8_t black[3];
    return y >= picture->height ? black : picture->pixels + ((size_t)y * (size_t)picture->width + (size_t)x) * (size_t)picture->channels;
}

static int grey(const picture *picture, int x, int y) {
    const uint8_t *at = pixel(picture, x, y);
    return picture->channels == 1 ? at[0] : (299 * at[0] + 587 * at[1] + 114 * at[2]) / 1000;
}

static void put_colour(const picture *picture, FILE *to, int x, int y, int code) {
    const uint8_t *at = pixel(picture, x, y);
    int last = picture->channels - 1;
    fprintf(to, "\x1b[%d;2;%d;%d;%dm", code, at[0], at[last > 0 ? 1 : 0], at[last]);
}

/* Two pixels a character: the upper half in the foreground's colour, the lower one in the background's. */
static void draw_blocks(const picture *picture, FILE *to) {
    for (int y = 0; y < picture->height; y += 2) {
        for (int x = 0; x < picture->width; x++) {
            put_colour(picture, to, x, y, 38);
            put_colour(picture, to, x, y + 1, 48);
            fputs("\xe2\x96\x80", to);
        }
        fputs("\x1b[0m\n", to);
    }
}

static void draw_characters(const picture *picture, FILE *to) {
    static const char ramp[] = " .:-=+*#%@";
    for (int y = 0; y < picture->height; y += 2) {
        for (int x = 0; x < picture->width; x++) {
            int level = (grey(picture, x, y) + grey(picture, x, y + 1 < picture->height ? y + 1 : y)) / 2;
            fputc(ramp[level * 10 / 256], to);
        }
        fputc('\n', to);
    }
}

bool picture_draw(const picture *picture, FILE *to) {
    if (picture->width > 64 || picture->height > 64)
        return false;
    const char *terminal = getenv("TERM"), *colour = getenv("NO_COLOR");
    bool plain = !isatty(fileno(to)) || terminal == NULL || strcmp(terminal, "dumb") == 0 || (colour != NULL && colour[0] != 0);
    (plain ? draw_characters : draw_blocks)(picture, to);
    return true;
}
