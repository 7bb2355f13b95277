# Headers, library, CMake package, pkg-config file, licence.

include(CMakePackageConfigHelpers)
set(heed_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/heed)
set(heed_pkgconfig_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

install(TARGETS heed EXPORT heedTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/heed DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.hpp")
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

install(EXPORT heedTargets NAMESPACE heed:: DESTINATION ${heed_package_dir})
configure_package_config_file(cmake/heedConfig.cmake.in heedConfig.cmake INSTALL_DESTINATION ${heed_package_dir})
write_basic_package_version_file(heedConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/heedConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/heedConfigVersion.cmake
        DESTINATION ${heed_package_dir})

# The prefix is given relative to the .pc file, so that `cmake --install --prefix` and moved trees work.
file(RELATIVE_PATH heed_pc_prefix /${heed_pkgconfig_dir} /)
string(REGEX REPLACE "/$" "" heed_pc_prefix "${heed_pc_prefix}")
configure_file(cmake/heed.pc.in heed.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/heed.pc DESTINATION ${heed_pkgconfig_dir})
