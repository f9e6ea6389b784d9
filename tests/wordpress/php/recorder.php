<?php
// A must-use plugin that notes whom WordPress calls.
add_filter(
	'pre_http_request',
	function ( $reply, $arguments, $url ) {
		file_put_contents( WP_CONTENT_DIR . '/calls.log', $arguments['method'] . ' ' . $url . "\n", FILE_APPEND | LOCK_EX );
		return $reply;
	},
	10,
	3
);
