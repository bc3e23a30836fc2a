/** Names of the environment variables that the templates set and the functions read. Imports nothing. */
export const TABLE_NAME = 'TABLE_NAME';
export const BUCKET_NAME = 'BUCKET_NAME';
/** The operation or background function that this bundle is: an id of the route table. Shown in every log line. */
export const OPERATION = 'OPERATION';
/** Stage of the deployment and area of the operation (`background` for what no client calls): what metrics go by. */
export const STAGE = 'STAGE';
export const AREA = 'AREA';
