# The WebAssembly variants. No Emscripten JavaScript: the module imports its memory, so that the loader (js/core/instance.js) makes
# it at its final size, and exports the functions of bertlet.h, `__heap_base` (memory from there on is the caller's) and
# `__stack_pointer` (each thread gets its own stack). What is linked, in the build folder, exports the kernels too, for
# their tests; what ships, in dist/, is the same module without these exports.
#
# Each variant is two modules made of the same objects: bertlet-X.wasm, and bertlet-train-X.wasm, which can train the encoder
# as well. Pages that only classify don't fetch that.
find_program(NODE node REQUIRED)
set(KERNELS linear_f32 linear_i8 fastest_int8 quantize_rows quantize_row attention_f32 attention_i8 layer_norm softmax activate
  logreg_logits logreg_gradient exponential)
set(KERNEL_FUNCTIONS linear_scratch attention_scratch pack_row pack_row_i8 blocks_i8 rows_i8_bytes dequantize_row)
set(TRAINER_KERNELS weight_gradient activate_backward row_moments layer_norm_backward attention_training
  attention_backward apply_dropout transpose_packed)
set(TRAINER_KERNEL_FUNCTIONS weight_gradient_scratch attention_backward_scratch)

# Sets `result` to the linker's options that export kernels, in whichever of their forms there are, and functions.
function(exports_of result kernels functions)
  set(options -Wl)
  foreach(kernel ${kernels})
    string(APPEND options ",--export-if-defined=${kernel}_scalar,--export-if-defined=${kernel}_simd")
  endforeach()
  foreach(function ${functions})
    string(APPEND options ",--export=${function}")
  endforeach()
  set(${result} ${options} PARENT_SCOPE)
endfunction()
exports_of(KERNEL_EXPORTS "${KERNELS}" "${KERNEL_FUNCTIONS}")
exports_of(TRAINER_EXPORTS "${TRAINER_KERNELS}" "${TRAINER_KERNEL_FUNCTIONS}")

# What runs once for a model or a call is compiled to be small, and so is what trains heads, whose work the kernels do. The rest is
# compiled to be fast.
set_source_files_properties(src/base/finite.c src/model/architecture.c src/model/dtype.c src/model/image.c
  src/model/memory_plan.c src/model/reader.c src/model/tensors.c src/model/writer.c PROPERTIES COMPILE_OPTIONS -Oz)
set_source_files_properties(src/heads/pooling.c src/train/crf.c src/train/lbfgs.c src/train/logreg.c src/train/losses.c
  src/train/mlp.c PROPERTIES COMPILE_OPTIONS -Os)

function(bertlet_module name)
  cmake_parse_arguments(ARG "THREADS" "" "OBJECTS;OPTIONS;EXPORTS" ${ARGN})
  add_executable(${name} ${ARG_OBJECTS})
  set_target_properties(${name} PROPERTIES SUFFIX ".wasm")
  if(ARG_THREADS)
    # The C library of Emscripten's threaded build is the one compiled with atomics; only its libm is used.
    target_link_options(${name} PRIVATE -matomics -Wl,--shared-memory)
    set(libraries -lc-mt -lcompiler_rt-mt)
  else()
    set(libraries -lc -lcompiler_rt)
  endif()
  # Binaryen would inline every function that is called once, also those that the kernels keep apart (STEP).
  target_link_options(${name} PRIVATE -O3 -mbulk-memory ${ARG_OPTIONS} -nostartfiles -nodefaultlibs --no-entry
    -sBINARYEN_EXTRA_PASSES=--one-caller-inline-max-function-size=0
    -sIMPORTED_MEMORY=1 -sSTACK_SIZE=65536 -sMALLOC=none
    -sALLOW_MEMORY_GROWTH=1 -sINITIAL_MEMORY=128kb -sMAXIMUM_MEMORY=4gb
    -Wl,--export=__heap_base,--export=__stack_pointer ${ARG_EXPORTS})
  target_link_libraries(${name} PRIVATE ${libraries})

  set(shipped ${PROJECT_SOURCE_DIR}/dist/${name}.wasm)
  set(script ${PROJECT_SOURCE_DIR}/cmake/wasm-exports.js)
  add_custom_command(OUTPUT ${shipped} DEPENDS ${name} ${script}
    COMMAND ${NODE} ${script} $<TARGET_FILE:${name}> ${shipped} VERBATIM)
  add_custom_target(${name}-shipped ALL DEPENDS ${shipped})
endfunction()

function(bertlet_variant variant)
  cmake_parse_arguments(ARG "THREADS" "" "KERNELS;OPTIONS" ${ARGN})
  add_library(${variant}-core OBJECT ${CORE_SOURCES} ${ARG_KERNELS} src/base/reactor.c)
  add_library(${variant}-trainer OBJECT ${TRAINER_SOURCES})
  foreach(objects ${variant}-core ${variant}-trainer)
    target_include_directories(${objects} PRIVATE src)
    target_compile_options(${objects} PRIVATE -O3 -mbulk-memory -fvisibility=hidden ${ARG_OPTIONS})
    if(ARG_THREADS)
      target_compile_options(${objects} PRIVATE -matomics)
    endif()
  endforeach()
  if(ARG_THREADS)
    set(threads THREADS)
  endif()
  set(core $<TARGET_OBJECTS:${variant}-core>)
  bertlet_module(bertlet-${variant} ${threads} OBJECTS ${core} OPTIONS ${ARG_OPTIONS} EXPORTS ${KERNEL_EXPORTS})
  bertlet_module(bertlet-train-${variant} ${threads} OBJECTS ${core} $<TARGET_OBJECTS:${variant}-trainer>
    OPTIONS ${ARG_OPTIONS} EXPORTS ${KERNEL_EXPORTS} ${TRAINER_EXPORTS})
endfunction()

bertlet_variant(scalar KERNELS ${SCALAR_KERNELS})
bertlet_variant(simd KERNELS ${SIMD_KERNELS} OPTIONS -msimd128 -DBERTLET_SIMD)
bertlet_variant(simd-mt THREADS KERNELS ${SIMD_KERNELS} OPTIONS -msimd128 -DBERTLET_SIMD)
bertlet_variant(relaxed KERNELS ${SIMD_KERNELS} OPTIONS -msimd128 -mrelaxed-simd -DBERTLET_SIMD)
bertlet_variant(relaxed-mt THREADS KERNELS ${SIMD_KERNELS} OPTIONS -msimd128 -mrelaxed-simd -DBERTLET_SIMD)

add_subdirectory(tests/kernels)
