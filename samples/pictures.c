/* SPDX-License-Identifier: Apache-2.0 */
/* A photo editor's pipeline without a copy: an OpenCL image, a kernel of the program's own that makes planes of it, a network,
 * and a kernel that makes an image again. All on the program's own queue; the host waits once, for the last image. */
#include "own_cl.h"

#define WIDTH 96
#define HEIGHT 64
#define STRENGTH 1.5f

static const char kernels[] =
    "constant sampler_t pixels = CLK_NORMALIZED_COORDS_FALSE | CLK_ADDRESS_CLAMP_TO_EDGE | CLK_FILTER_NEAREST;\n"
    "kernel void to_planes(read_only image2d_t from, global float *to) {\n"
    "    int x = get_global_id(0), y = get_global_id(1), w = get_global_size(0), n = w * get_global_size(1);\n"
    "    float4 pixel = read_imagef(from, pixels, (int2)(x, y));\n"
    "    to[y * w + x] = pixel.x, to[n + y * w + x] = pixel.y, to[2 * n + y * w + x] = pixel.z;\n"
    "}\n"
    "kernel void to_image(global const float *from, write_only image2d_t to) {\n"
    "    int x = get_global_id(0), y = get_global_id(1), w = get_global_size(0), n = w * get_global_size(1), i = y * w + x;\n"
    "    write_imagef(to, (int2)(x, y), (float4)(from[i], from[n + i], from[2 * n + i], 1.0f));\n"
    "}\n";

static cl_mem make_image(const own_cl *o, void *data) {
    const cl_image_format format = {CL_RGBA, CL_UNORM_INT8};
    const cl_image_desc desc = {.image_type = CL_MEM_OBJECT_IMAGE2D, .image_width = WIDTH, .image_height = HEIGHT};
    cl_int code;
    cl_mem image = clCreateImage(o->context, CL_MEM_READ_WRITE | (data ? CL_MEM_COPY_HOST_PTR : 0), &format, &desc, data, &code);
    check_cl(code, "clCreateImage");
    return image;
}

/* Rings of colour. */
static void draw(unsigned char *rgba) {
    for (int i = 0; i < WIDTH * HEIGHT; i++) {
        int x = i % WIDTH - WIDTH / 2, y = i / WIDTH - HEIGHT / 2, r = x * x + y * y;
        for (int c = 0; c < 4; c++)
            rgba[4 * i + c] = c == 3 ? 255 : (unsigned char)(40 + ((r >> (6 + c)) & 1) * 120 + (x & 7) * 4);
    }
}

int main(void) {
    static unsigned char before[WIDTH * HEIGHT * 4], after[WIDTH * HEIGHT * 4];
    own_cl o;
    own_network n;
    draw(before);
    own_begin(&o, true, kernels);
    own_network_begin(&n, &o);
    own_network_plan(&n, own_sharpen(n.context, WIDTH, HEIGHT, STRENGTH));
    cl_mem in = make_image(&o, before), out = make_image(&o, NULL);
    const size_t size = 3 * WIDTH * HEIGHT * sizeof(float), begin[3] = {0, 0, 0}, region[3] = {WIDTH, HEIGHT, 1};
    cl_mem planes = own_buffer(&o, size, NULL), sharp = own_buffer(&o, size, NULL);
    oc_binding x = own_network_bind(&n, oc_plan_get_input(n.plan, 0), planes);
    oc_binding y = own_network_bind(&n, oc_plan_get_output(n.plan, 0), sharp);

    own_run(&o, "to_planes", in, planes, WIDTH, HEIGHT);
    check(oc_exec_enqueue(n.exec, &x, 1, &y, 1, NULL, 0, NULL, &err));
    own_run(&o, "to_image", sharp, out, WIDTH, HEIGHT);
    check_cl(clEnqueueReadImage(o.queue, out, CL_TRUE, begin, region, 0, 0, after, 0, NULL, NULL), "clEnqueueReadImage");
    check(oc_exec_wait(n.exec, &err)); /* what the network itself met, if anything */

    bool right = own_is_sharpened(after, before, WIDTH, HEIGHT, STRENGTH) && memcmp(after, before, sizeof(after)) != 0;
    printf("%d x %d pixels from image to image through a network of %zu steps: %s\n", WIDTH, HEIGHT,
           oc_plan_get_info(n.plan).step_count, right ? "right" : "wrong");
    oc_tensor_destroy(&x.tensor), oc_tensor_destroy(&y.tensor);
    clReleaseMemObject(in), clReleaseMemObject(out), clReleaseMemObject(planes), clReleaseMemObject(sharp);
    own_network_end(&n);
    own_end(&o);
    return right ? 0 : 1;
}
