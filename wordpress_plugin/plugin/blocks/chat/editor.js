/** The chat's block in the editor: a placeholder and its height. Written as WordPress loads it. */
( function ( blocks, blockEditor, components, element, texts ) {
	'use strict';
	var el = element.createElement;

	blocks.registerBlockType( 'parlance-embed/chat', {
		edit: function ( props ) {
			return el(
				'div',
				blockEditor.useBlockProps(),
				el(
					blockEditor.InspectorControls,
					null,
					el(
						components.PanelBody,
						{ title: texts.chatbot },
						el( components.RangeControl, {
							label: texts.height,
							value: props.attributes.height,
							min: 240,
							max: 1200,
							onChange: function ( height ) {
								props.setAttributes( { height: height } );
							},
						} )
					)
				),
				el( components.Placeholder, {
					icon: 'format-chat',
					label: texts.chatbot,
					instructions: texts.here,
				} )
			);
		},
		save: function () {
			return null;
		},
	} );
} )( window.wp.blocks, window.wp.blockEditor, window.wp.components, window.wp.element, window.parlance_embed_texts );
