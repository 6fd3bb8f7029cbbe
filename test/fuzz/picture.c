/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a picture that the command reads: png, jpg, pgm, ppm. */
#include "app.h"
#include "fuzz/fuzz.h"
#include "picture.h"

static int said;

int app_say(const char *format, ...) {
    said += format[0] != 0;
    return 1;
}

static void read_one(const char *path, int channels) {
    picture picture;
    volatile uint8_t sum = 0;
    said = 0;
    bool read = picture_read(&picture, path, channels);
    fuzz_check(read == (said == 0), "a failure without a sentence");
    if (!read)
        return;
    fuzz_check(picture.channels == channels && picture.width > 0 && picture.height > 0, "a picture without pixels");
    for (size_t i = 0; i < (size_t)picture.width * (size_t)picture.height * (size_t)channels; i++)
        sum = (uint8_t)(sum + picture.pixels[i]);
    picture_free(&picture);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *path = fuzz_file(data, size);
    read_one(path, 1);
    read_one(path, 3);
    return 0;
}
