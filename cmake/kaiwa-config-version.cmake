# The version is that of the header beside it, so that there is one place for it.

file(STRINGS "${CMAKE_CURRENT_LIST_DIR}/../../../include/kaiwa.h" _kaiwa_lines
  REGEX "^#define KAIWA_VERSION_(MAJOR|MINOR|PATCH) [0-9]+$")
string(REGEX REPLACE "[^0-9;]" "" PACKAGE_VERSION "${_kaiwa_lines}")
string(REPLACE ";" "." PACKAGE_VERSION "${PACKAGE_VERSION}")
unset(_kaiwa_lines)

# Before 1.0 a minor version may be a break; from then on a major one is.
string(REGEX MATCH "^(0\\.[0-9]+|[1-9][0-9]*)" _kaiwa_compatible "${PACKAGE_VERSION}")
if(PACKAGE_FIND_VERSION VERSION_EQUAL PACKAGE_VERSION)
  set(PACKAGE_VERSION_EXACT TRUE)
endif()
if(NOT PACKAGE_FIND_VERSION VERSION_GREATER PACKAGE_VERSION
    AND "${PACKAGE_FIND_VERSION}." MATCHES "^${_kaiwa_compatible}\\.")
  set(PACKAGE_VERSION_COMPATIBLE TRUE)
endif()
unset(_kaiwa_compatible)
