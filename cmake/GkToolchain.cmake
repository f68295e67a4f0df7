# Compiler settings shared by every target: warnings as errors, sanitizers, ccache, hardening.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

# Designated initialisers leave members out on purpose.
add_compile_options(-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror
                    -Wno-missing-field-initializers)
# GCC 12 reports false positives of these in std::string, std::variant and std::sort at -O2 (GCC
# bugs 105651, 104336).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options(-Wno-restrict -Wno-maybe-uninitialized -Wno-array-bounds
                      -Wno-stringop-overflow -Wno-stringop-overread)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # libstdc++ 12 calls its own deprecated get_temporary_buffer in std::stable_sort.
  add_compile_options(-Wthread-safety -Wno-deprecated-declarations)
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  add_compile_options(-O2 -g1 -fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
  add_link_options(-Wl,-z,relro,-z,now -Wl,--as-needed -Wl,--gc-sections)
  add_compile_options(-ffunction-sections -fdata-sections)
endif()

if(GK_SANITIZE)
  add_compile_definitions(GK_SANITIZED)  # For what a sanitizer's own system calls and pace forbid.
endif()
# Lines only: all that a report needs, and a fraction of the debug information to write and link. Not
# optimised, which more than halves the compiler's time; gk_library(HOT) and single sources are.
if(GK_SANITIZE AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_compile_options(-O0 -gline-tables-only -fno-omit-frame-pointer)
  add_link_options(-fuse-ld=lld)
  # The same header gives the same bytes, so that ccache knows what was compiled with it.
  add_compile_options("SHELL:-Xclang -fno-pch-timestamp")
  if(CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
  endif()
elseif(GK_SANITIZE)
  add_compile_options(-O1 -g1 -fno-omit-frame-pointer)
endif()
if(GK_SANITIZE STREQUAL "address")
  add_compile_options(-fsanitize=address)
  add_link_options(-fsanitize=address -fsanitize=undefined)
elseif(GK_SANITIZE STREQUAL "thread")
  add_compile_options(-fsanitize=thread)
  add_link_options(-fsanitize=thread)
endif()

if(GK_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link,address -O1)
  add_link_options(-fsanitize=address)
endif()

if(GK_TIDY)
  set(CMAKE_CXX_CLANG_TIDY clang-tidy-19)
endif()
