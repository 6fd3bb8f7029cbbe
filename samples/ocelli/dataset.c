/* SPDX-License-Identifier: Apache-2.0 */
#include "dataset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "picture.h"

#ifdef HAVE_ZLIB
#include <zlib.h>

/* The whole of a gzip file, or of one that is not packed. */
static uint8_t *unpack(const char *path, size_t *size) {
    gzFile file = gzopen(path, "rb");
    uint8_t *data = NULL;
    size_t used = 0, room = 0;
    int got = 1;
    while (file != NULL && got > 0) {
        if (used == room) {
            uint8_t *more = realloc(data, room = room == 0 ? 1u << 20 : 2 * room);
            if (more == NULL)
                break;
            data = more;
        }
        got = gzread(file, data + used, (unsigned)(room - used < 1u << 30 ? room - used : 1u << 30));
        used += got > 0 ? (size_t)got : 0;
    }
    int cut_off = 0;
    if (file != NULL && got == 0)
        gzerror(file, &cut_off);
    if (file != NULL)
        gzclose(file);
    if (file != NULL && got == 0 && cut_off == Z_OK) {
        *size = used;
        return data;
    }
    free(data);
    app_say(file == NULL ? "%s cannot be opened" : "%s is damaged or cut off", path);
    return NULL;
}

#else

static uint8_t *unpack(const char *path, size_t *size) {
    if (!ends_with(path, ".gz"))
        return file_read(path, size);
    app_say("%s cannot be unpacked: this ocelli was built without zlib (Debian: zlib1g-dev)", path);
    return NULL;
}

#endif

oc_tensor *idx_read(app *app, const char *path) {
    oc_error err = {0};
    oc_tensor *tensor = NULL;
    size_t size;
    uint8_t *data = unpack(path, &size);
    if (data != NULL && oc_idx_parse(&tensor, app->context, data, size, &err) != OC_OK)
        app_say("%s: %s", path, err.text);
    free(data);
    return tensor;
}

static oc_tensor *read_part(app *app, const char *folder, const char *part, const char *what) {
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s-%s-ubyte", folder, part, what);
    if (access(path, F_OK) != 0)
        strncat(path, ".gz", sizeof(path) - strlen(path) - 1);
    return idx_read(app, path);
}

bool dataset_read(dataset *out, app *app, const char *folder, const char *part) {
    memset(out, 0, sizeof(*out));
    out->images = read_part(app, folder, part, "images-idx3");
    if (out->images != NULL)
        out->labels = read_part(app, folder, part, "labels-idx1");
    if (out->labels == NULL) {
        dataset_free(out);
        return false;
    }
    const oc_shape *images = oc_tensor_get_shape(out->images), *labels = oc_tensor_get_shape(out->labels);
    if (images->rank == 3 && labels->rank == 1 && images->dims[0] == labels->dims[0])
        return true;
    app_say("%s: images and labels of '%s' do not belong together", folder, part);
    dataset_free(out);
    return false;
}

void dataset_free(dataset *set) {
    oc_tensor_destroy(&set->images);
    oc_tensor_destroy(&set->labels);
}

char *dataset_labels(const char *folder) {
    char path[4096];
    size_t size;
    snprintf(path, sizeof(path), "%s/labels.txt", folder);
    uint8_t *data = access(path, R_OK) == 0 ? file_read(path, &size) : NULL;
    char *text = data != NULL ? strndup((const char *)data, size) : NULL;
    free(data);
    while (text != NULL && text[0] != 0 && text[strlen(text) - 1] == '\n')
        text[strlen(text) - 1] = 0;
    return text;
}
