# Native build for the tests: both kernel sets in one library, so that a test can hold one against the other.
# The presets "sanitize" and "tsan" add sanitizers.
set(BERTLET_SANITIZE "" CACHE STRING "sanitizers, as -fsanitize= takes them")
if(BERTLET_SANITIZE)
  add_compile_options(-fsanitize=${BERTLET_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${BERTLET_SANITIZE})
endif()

find_package(Threads REQUIRED)
find_path(SIMDE_INCLUDE simde/wasm/simd128.h REQUIRED)

add_library(bertlet STATIC ${CORE_SOURCES} ${TRAINER_SOURCES} ${SCALAR_KERNELS} ${SIMD_KERNELS} cmake/simde/relaxed_engine.c)
target_include_directories(bertlet PUBLIC src)
# cmake/simde/ holds a <wasm_simd128.h> that maps the intrinsics to SIMDe's, and emulates what SIMDe lacks.
target_include_directories(bertlet PRIVATE cmake/simde)
target_include_directories(bertlet SYSTEM PRIVATE ${SIMDE_INCLUDE})
target_compile_definitions(bertlet PRIVATE BERTLET_SIMD)
target_link_libraries(bertlet PUBLIC m Threads::Threads)

enable_testing()
add_subdirectory(tests)
