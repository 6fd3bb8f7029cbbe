/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "picture.h"

#ifdef HAVE_PNG
#include <png.h>

const char *png_decode(picture *out, const uint8_t *data, size_t size, int channels) {
    static char why[64];
    png_image image = {.version = PNG_IMAGE_VERSION};
    if (!png_image_begin_read_from_memory(&image, data, size)) {
        snprintf(why, sizeof(why), "%s", image.message);
        return why;
    }
    image.format = channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
    if (image.width <= PICTURE_MAX_SIDE && image.height <= PICTURE_MAX_SIDE)
        out->pixels = malloc(PNG_IMAGE_SIZE(image));
    *out = (picture){(int)image.width, (int)image.height, channels, out->pixels};
    if (out->pixels == NULL) {
        png_image_free(&image);
        return "the picture is too large";
    }
    const png_color black = {0, 0, 0};
    if (png_image_finish_read(&image, &black, out->pixels, 0, NULL))
        return NULL;
    snprintf(why, sizeof(why), "%s", image.message);
    return why;
}

#else

const char *png_decode(picture *out, const uint8_t *data, size_t size, int channels) {
    (void)out, (void)data, (void)size, (void)channels;
    return "this ocelli was built without libpng (Debian: libpng-dev)";
}

#endif
