# The WebAssembly variants. No Emscripten JavaScript: the module imports its memory, so that the loader (js/core/instance.js) makes
# it at its final size, and exports the functions of bertlet.h, `__heap_base` (memory from there on is the caller's) and
# `__stack_pointer` (each thread gets its own stack). What is linked, in the build folder, exports the kernels too, for
# their tests; what ships, in dist/, is the same module without these exports.
find_program(NODE node REQUIRED)
set(KERNEL_EXPORTS -Wl)
foreach(kernel linear_f32 weight_gradient apply_dropout attention_backward row_moments layer_norm_backward
    activate_backward linear_i8 fastest_int8 quantize_rows quantize_row attention_f32 attention_i8 layer_norm softmax
    activate logreg_logits logreg_gradient exponential)
  string(APPEND KERNEL_EXPORTS ",--export-if-defined=${kernel}_scalar,--export-if-defined=${kernel}_simd")
endforeach()
foreach(function linear_scratch weight_gradient_scratch attention_scratch attention_backward_scratch transpose_packed
    pack_row pack_row_i8 blocks_i8 rows_i8_bytes dequantize_row)
  string(APPEND KERNEL_EXPORTS ",--export=${function}")
endforeach()

function(bertlet_wasm name)
  cmake_parse_arguments(ARG "THREADS" "" "SOURCES;OPTIONS" ${ARGN})
  add_executable(${name} ${CORE_SOURCES} ${ARG_SOURCES} src/base/reactor.c)
  target_include_directories(${name} PRIVATE src)
  set_target_properties(${name} PROPERTIES SUFFIX ".wasm")
  target_compile_options(${name} PRIVATE -O3 -mbulk-memory -fvisibility=hidden ${ARG_OPTIONS})
  if(ARG_THREADS)
    # The C library of Emscripten's threaded build is the one compiled with atomics; only its libm is used.
    target_compile_options(${name} PRIVATE -matomics)
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
    -Wl,--export=__heap_base,--export=__stack_pointer ${KERNEL_EXPORTS})
  target_link_libraries(${name} PRIVATE ${libraries})

  set(shipped ${PROJECT_SOURCE_DIR}/dist/${name}.wasm)
  set(script ${PROJECT_SOURCE_DIR}/cmake/wasm-exports.js)
  add_custom_command(OUTPUT ${shipped} DEPENDS ${name} ${script}
    COMMAND ${NODE} ${script} $<TARGET_FILE:${name}> ${shipped} VERBATIM)
  add_custom_target(${name}-shipped ALL DEPENDS ${shipped})
endfunction()

bertlet_wasm(bertlet-scalar SOURCES ${SCALAR_KERNELS})
bertlet_wasm(bertlet-simd SOURCES ${SIMD_KERNELS} OPTIONS -msimd128 -DBERTLET_SIMD)
bertlet_wasm(bertlet-simd-mt THREADS SOURCES ${SIMD_KERNELS} OPTIONS -msimd128 -DBERTLET_SIMD)
bertlet_wasm(bertlet-relaxed SOURCES ${SIMD_KERNELS} OPTIONS -msimd128 -mrelaxed-simd -DBERTLET_SIMD)
bertlet_wasm(bertlet-relaxed-mt THREADS SOURCES ${SIMD_KERNELS} OPTIONS -msimd128 -mrelaxed-simd -DBERTLET_SIMD)

add_subdirectory(tests/kernels)
