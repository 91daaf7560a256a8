# find_package(kaiwa) gives the target kaiwa::kaiwa: library, headers for C (kaiwa.h) and C++17 (kaiwa.hpp).
# This file lies in <prefix>/share/kaiwa/cmake; all else is looked for below the same prefix only.

get_filename_component(_kaiwa_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)

find_path(kaiwa_INCLUDE_DIR kaiwa.h
  PATHS "${_kaiwa_prefix}" PATH_SUFFIXES include NO_DEFAULT_PATH)
find_library(kaiwa_LIBRARY kaiwa
  PATHS "${_kaiwa_prefix}" PATH_SUFFIXES lib "lib/${CMAKE_LIBRARY_ARCHITECTURE}" lib64 NO_DEFAULT_PATH)
mark_as_advanced(kaiwa_INCLUDE_DIR kaiwa_LIBRARY)
unset(_kaiwa_prefix)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(kaiwa
  REQUIRED_VARS kaiwa_LIBRARY kaiwa_INCLUDE_DIR VERSION_VAR kaiwa_VERSION)

if(kaiwa_FOUND AND NOT TARGET kaiwa::kaiwa)
  add_library(kaiwa::kaiwa UNKNOWN IMPORTED)
  set_target_properties(kaiwa::kaiwa PROPERTIES
    IMPORTED_LOCATION "${kaiwa_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${kaiwa_INCLUDE_DIR}")
  if(kaiwa_LIBRARY MATCHES "\\.a$")
    # Only the static library was installed: what Rust's standard library needs of the system comes with it.
    include(CMakeFindDependencyMacro)
    find_dependency(Threads)
    set_target_properties(kaiwa::kaiwa PROPERTIES
      INTERFACE_LINK_LIBRARIES "Threads::Threads;${CMAKE_DL_LIBS};m;gcc_s;util")
  endif()
endif()
