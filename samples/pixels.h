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

/* Adds the input "picture" to a graph, the bytes of p; as planes (1, 3, height, width) of (x - 127) / 128. */
static inline oc_value *pixels_planes(oc_graph *graph, const pixels *p, int64_t height, int64_t width) {
    oc_value *x = oc_graph_input(graph, "picture", OC_U8, &OC_SHAPE(p->height, p->width, 3), &err);
    x = oc_cast(graph, oc_transpose(graph, x, (const int32_t[]){2, 0, 1}, &err), OC_F32, &err);
    x = oc_resize(graph, x, 1, height, &oc_resize_params(.mode = OC_RESIZE_LINEAR), &err);
    x = oc_resize(graph, x, 2, width, &oc_resize_params(.mode = OC_RESIZE_LINEAR), &err);
    x = oc_sub(graph, x, oc_graph_scalar(graph, OC_F32, 127, &err), &err);
    x = oc_mul(graph, x, oc_graph_scalar(graph, OC_F32, 1.0 / 128, &err), &err);
    return oc_reshape(graph, x, &OC_SHAPE(1, 3, height, width), &err);
}

/* And back: planes to bytes. */
static inline pixels pixels_of_planes(const float *planes, int height, int width) {
    pixels p = pixels_make(width, height);
    for (int i = 0; i < 3 * height * width; i++) {
        float level = 128 * planes[i % 3 * height * width + i / 3] + 127.5f;
        p.rgb[i] = (unsigned char)(level < 0 ? 0 : level > 255 ? 255 : level);
    }
    return p;
}

static inline oc_exec *make_exec(oc_device *device, oc_graph *graph, oc_state *state) {
    oc_plan *plan;
    oc_exec *exec;
    check(oc_plan_create(&plan, graph, &device, 1, NULL, &err));
    check(oc_exec_create(&exec, plan, state, &err));
    oc_plan_destroy(&plan); /* the exec keeps what it needs */
    oc_graph_destroy(&graph);
    return exec;
}

/* The picture in that size, in host memory. */
static inline void pixels_to_planes(oc_context *context, oc_device *device, const pixels *p, float *planes, int height, int width) {
    oc_graph *graph;
    oc_binding in = {"picture", NULL}, out = {"planes", NULL};
    check(oc_graph_create(&graph, context, &err));
    check(oc_graph_output(graph, "planes", pixels_planes(graph, p, height, width), &err));
    oc_exec *exec = make_exec(device, graph, NULL);
    check(oc_tensor_wrap(&in.tensor, context, OC_U8, &OC_SHAPE(p->height, p->width, 3), p->rgb, &err));
    check(oc_tensor_wrap(&out.tensor, context, OC_F32, &OC_SHAPE(1, 3, height, width), planes, &err));
    check(oc_exec_run(exec, &in, 1, &out, 1, &err));
    oc_tensor_destroy(&in.tensor), oc_tensor_destroy(&out.tensor);
    oc_exec_destroy(&exec);
}

static inline bool is_there(const char *path) {
    FILE *file = fopen(path, "rb");
    if (file)
        fclose(file);
    else
        printf("there is no %s: skipped\n", path);
    return file != NULL;
}

#endif
