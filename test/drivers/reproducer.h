/* SPDX-License-Identifier: Apache-2.0 */
/* What reproducers share: cc NAME.c -lOpenCL -lpthread. Exit code 0: the bug is not there; 1: it is; 77: the driver is not. */
#ifndef REPRODUCER_H
#define REPRODUCER_H

#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NO_DRIVER 77

static cl_platform_id platform;
static cl_device_id device;
static cl_context context;
static cl_command_queue queue;

/* Opens the first device of the platform with this text in its name; ends the process if there is none. */
static inline void open_driver(const char *name) {
    cl_platform_id platforms[16];
    cl_uint count = 0;
    char text[256];
    if (clGetPlatformIDs(16, platforms, &count) != CL_SUCCESS) {
        count = 0;
    }
    for (cl_uint i = 0; i < count && i < 16; i++) {
        if (clGetPlatformInfo(platforms[i], CL_PLATFORM_NAME, sizeof(text), text, NULL) == CL_SUCCESS && strstr(text, name) &&
            clGetDeviceIDs(platforms[i], CL_DEVICE_TYPE_ALL, 1, &device, NULL) == CL_SUCCESS) {
            platform = platforms[i];
        }
    }
    if (platform == NULL) {
        printf("there is no device of %s here\n", name);
        exit(NO_DRIVER);
    }
    context = clCreateContext(NULL, 1, &device, NULL, NULL, NULL);
    queue = clCreateCommandQueue(context, device, 0, NULL);
    clGetDeviceInfo(device, CL_DRIVER_VERSION, sizeof(text), text, NULL);
    printf("%s %s: ", name, text);
    fflush(stdout);
}

/* The kernel of this name in a program. */
static inline cl_kernel build(const char *source, const char *name) {
    cl_program program = clCreateProgramWithSource(context, 1, &source, NULL, NULL);
    cl_int code = clBuildProgram(program, 1, &device, "-cl-std=CL1.2", NULL, NULL);
    if (code != CL_SUCCESS) {
        printf("the program does not build (%d)\n", code);
        exit(1);
    }
    return clCreateKernel(program, name, NULL);
}

/* Runs a kernel over `items` whose only argument is a buffer of that many bytes, written before and read afterwards. */
static inline cl_int run(cl_kernel kernel, size_t items, void *data, size_t size) {
    cl_mem buffer = clCreateBuffer(context, CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR, size, data, NULL);
    clSetKernelArg(kernel, 0, sizeof(buffer), &buffer);
    cl_int code = clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &items, NULL, 0, NULL, NULL);
    if (code == CL_SUCCESS) {
        code = clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, size, data, 0, NULL, NULL);
    }
    clReleaseMemObject(buffer);
    return code;
}

/* Says whether the bug is there; the code to exit with. */
static inline int verdict(int there, const char *what) {
    printf("%s\n", there ? what : "fine");
    return there ? 1 : 0;
}

#endif
