<?php
// What a web server's rewrite rules do for WordPress, for PHP's own web server.
$parlance_path = parse_url( $_SERVER['REQUEST_URI'], PHP_URL_PATH );
$parlance_root = $_SERVER['DOCUMENT_ROOT'];
if ( preg_match( '#^/(second)(/(wp-admin|wp-includes|wp-content|wp-login).*)$#', $parlance_path, $parlance_found ) ) {
	$parlance_path = $parlance_found[2];
}
$parlance_file = realpath( $parlance_root . rawurldecode( $parlance_path ) );
if ( $parlance_file && is_dir( $parlance_file ) ) {
	$parlance_file = realpath( $parlance_file . '/index.php' );
}
if ( $parlance_file && 'php' !== pathinfo( $parlance_file, PATHINFO_EXTENSION ) && is_file( $parlance_file ) ) {
	if ( $parlance_path === parse_url( $_SERVER['REQUEST_URI'], PHP_URL_PATH ) ) {
		return false;
	}
	readfile( $parlance_file );
	return true;
}
if ( ! $parlance_file || ! is_file( $parlance_file ) ) {
	$parlance_file = $parlance_root . '/index.php';
}
$_SERVER['SCRIPT_FILENAME'] = $parlance_file;
$_SERVER['SCRIPT_NAME']     = substr( $parlance_file, strlen( $parlance_root ) );
$_SERVER['PHP_SELF']        = $_SERVER['SCRIPT_NAME'];
chdir( dirname( $parlance_file ) );
require $parlance_file;
