/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file ocelli.hpp
 * Ocelli for C++17: thin classes over the C functions, header-only.
 *
 *     ocelli::context context;
 *     ocelli::device device(context);
 *     ocelli::graph model = ocelli::graph::read_onnx(context, "model.onnx");
 *     ocelli::plan plan(model, device, {{{"N", 2}}});
 *     ocelli::exec exec(plan);
 *     auto outputs = exec.run({{"x", ocelli::tensor::wrap(context, numbers, {2, 1, 28, 28})}});
 *     std::vector<float> y = outputs.at("y").read<float>();
 *
 * - Objects are moved, not copied, and may be destroyed in any order.
 * - What fails throws ocelli::error: a status, and the library's sentence. To have a status instead: attempt(), or the C functions,
 *   which take every object here as it is, and give one by `out()`: `oc_plan_create(plan.out(), graph, …, &err)`.
 * - The operators are the C functions: `graph.add(oc_relu, x)`, `graph.add(oc_conv2d, x, w, nullptr, &params)`.
 * - Operators of your own are custom_op, whose functions are lambdas.
 * - Threads: as the C objects; see their headers, which say all the rest too.
 */
#ifndef OCELLI_OCELLI_HPP
#define OCELLI_OCELLI_HPP

#include <ocelli/cpp/base.hpp>
#include <ocelli/cpp/custom.hpp>
#include <ocelli/cpp/graph.hpp>
#include <ocelli/cpp/objects.hpp>
#include <ocelli/cpp/run.hpp>

#endif
