<?php
// A must-use plugin that is a page cache: once something is stored, everybody gets it.
$parlance_stored = WP_CONTENT_DIR . '/stored.html';
if ( isset( $_SERVER['REQUEST_URI'] ) && '/' === $_SERVER['REQUEST_URI'] && is_readable( $parlance_stored ) ) {
	readfile( $parlance_stored );
	exit;
}
