/* SPDX-License-Identifier: Apache-2.0 */
#include "onnx/schema.h"

static const oc__wire_message entry_message = {"StringStringEntryProto", (const oc__wire_rule[]){{1, OC_WIRE_BYTES}, {2, OC_WIRE_BYTES}, {0}}};

static const oc__wire_message opset_message = {"OperatorSetIdProto", (const oc__wire_rule[]){{1, OC_WIRE_BYTES}, {2, OC_WIRE_VARINT}, {0}}};

const oc__wire_message oc__onnx_tensor_message = {
    "TensorProto", (const oc__wire_rule[]){{1, OC_WIRE_VARINT, true},
                                           {2, OC_WIRE_VARINT},
                                           {4, OC_WIRE_FIXED32, true},
                                           {5, OC_WIRE_VARINT, true},
                                           {6, OC_WIRE_BYTES},
                                           {7, OC_WIRE_VARINT, true},
                                           {8, OC_WIRE_BYTES},
                                           {9, OC_WIRE_BYTES},
                                           {10, OC_WIRE_FIXED64, true},
                                           {11, OC_WIRE_VARINT, true},
                                           {13, OC_WIRE_BYTES, true, &entry_message},
                                           {14, OC_WIRE_VARINT},
                                           {0}}};

static const oc__wire_message sparse_message = {
    "SparseTensorProto", (const oc__wire_rule[]){{1, OC_WIRE_BYTES, false, &oc__onnx_tensor_message},
                                                 {2, OC_WIRE_BYTES, false, &oc__onnx_tensor_message},
                                                 {3, OC_WIRE_VARINT, true},
                                                 {0}}};

static const oc__wire_message dim_message = {"Dimension", (const oc__wire_rule[]){{1, OC_WIRE_VARINT}, {2, OC_WIRE_BYTES}, {3, OC_WIRE_BYTES}, {0}}};

static const oc__wire_message shape_message = {"TensorShapeProto", (const oc__wire_rule[]){{1, OC_WIRE_BYTES, true, &dim_message}, {0}}};

static const oc__wire_message tensor_type_message = {
    "TypeProto.Tensor", (const oc__wire_rule[]){{1, OC_WIRE_VARINT}, {2, OC_WIRE_BYTES, false, &shape_message}, {0}}};

static const oc__wire_message type_message;
static const oc__wire_message element_type_message = {
    "TypeProto.Sequence", (const oc__wire_rule[]){{1, OC_WIRE_BYTES, false, &type_message}, {0}}};
static const oc__wire_message map_type_message = {
    "TypeProto.Map", (const oc__wire_rule[]){{1, OC_WIRE_VARINT}, {2, OC_WIRE_BYTES, false, &type_message}, {0}}};
static const oc__wire_message type_message = {
    "TypeProto", (const oc__wire_rule[]){{1, OC_WIRE_BYTES, false, &tensor_type_message},
                                         {4, OC_WIRE_BYTES, false, &element_type_message},
                                         {5, OC_WIRE_BYTES, false, &map_type_message},
                                         {6, OC_WIRE_BYTES},
                                         {8, OC_WIRE_BYTES, false, &tensor_type_message},
                                         {9, OC_WIRE_BYTES, false, &element_type_message},
                                         {0}}};

static const oc__wire_message value_message = {
    "ValueInfoProto", (const oc__wire_rule[]){{1, OC_WIRE_BYTES}, {2, OC_WIRE_BYTES, false, &type_message}, {3, OC_WIRE_BYTES}, {0}}};

static const oc__wire_message graph_message;
static const oc__wire_message attribute_message = {
    "AttributeProto", (const oc__wire_rule[]){{1, OC_WIRE_BYTES},
                                              {2, OC_WIRE_FIXED32},
                                              {3, OC_WIRE_VARINT},
                                              {4, OC_WIRE_BYTES},
                                              {5, OC_WIRE_BYTES, false, &oc__onnx_tensor_message},
                                              {6, OC_WIRE_BYTES, false, &graph_message},
                                              {7, OC_WIRE_FIXED32, true},
                                              {8, OC_WIRE_VARINT, true},
                                              {9, OC_WIRE_BYTES, true},
                                              {10, OC_WIRE_BYTES, true, &oc__onnx_tensor_message},
                                              {11, OC_WIRE_BYTES, true, &graph_message},
                                              {14, OC_WIRE_BYTES, false, &type_message},
                                              {15, OC_WIRE_BYTES, true, &type_message},
                                              {20, OC_WIRE_VARINT},
                                              {21, OC_WIRE_BYTES},
                                              {22, OC_WIRE_BYTES, false, &sparse_message},
                                              {23, OC_WIRE_BYTES, true, &sparse_message},
                                              {0}}};

static const oc__wire_message node_message = {
    "NodeProto", (const oc__wire_rule[]){{1, OC_WIRE_BYTES},
                                         {2, OC_WIRE_BYTES},
                                         {3, OC_WIRE_BYTES},
                                         {4, OC_WIRE_BYTES},
                                         {5, OC_WIRE_BYTES, true, &attribute_message},
                                         {6, OC_WIRE_BYTES},
                                         {7, OC_WIRE_BYTES},
                                         {0}}};

static const oc__wire_message graph_message = {
    "GraphProto", (const oc__wire_rule[]){{1, OC_WIRE_BYTES, true, &node_message},
                                          {2, OC_WIRE_BYTES},
                                          {5, OC_WIRE_BYTES, true, &oc__onnx_tensor_message},
                                          {10, OC_WIRE_BYTES},
                                          {11, OC_WIRE_BYTES, true, &value_message},
                                          {12, OC_WIRE_BYTES, true, &value_message},
                                          {13, OC_WIRE_BYTES, true, &value_message},
                                          {15, OC_WIRE_BYTES, true, &sparse_message},
                                          {0}}};

static const oc__wire_message function_message = {
    "FunctionProto", (const oc__wire_rule[]){{1, OC_WIRE_BYTES},
                                             {4, OC_WIRE_BYTES},
                                             {5, OC_WIRE_BYTES},
                                             {7, OC_WIRE_BYTES, true, &node_message},
                                             {9, OC_WIRE_BYTES, true, &opset_message},
                                             {10, OC_WIRE_BYTES},
                                             {11, OC_WIRE_BYTES, true, &attribute_message},
                                             {0}}};

const oc__wire_message oc__onnx_model_message = {
    "ModelProto", (const oc__wire_rule[]){{1, OC_WIRE_VARINT},
                                          {2, OC_WIRE_BYTES},
                                          {7, OC_WIRE_BYTES, false, &graph_message},
                                          {8, OC_WIRE_BYTES, true, &opset_message},
                                          {14, OC_WIRE_BYTES, true, &entry_message},
                                          {25, OC_WIRE_BYTES, true, &function_message},
                                          {0}}};
